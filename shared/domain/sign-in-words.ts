/** Why a sign-in at the issuer has led to nothing, and what to do: shown by the console, which has the key from its address. */
export const SIGN_IN_FAULTS = {
  denied:
    'The issuer has not signed you in, or you have stopped it. Try again; if it refuses again, ask those who run the issuer whether you may use salvor.',
  stale:
    'This sign-in was begun more than ten minutes ago, in another browser, or once more since. Begin again from here.',
  clock:
    'The issuer’s word for you had ended when it came, or did not count yet: clocks differ. Tell those who run salvor.',
  refused:
    'What came back does not belong to the sign-in that was begun here. Begin again; if it happens again, those who run salvor find the reason in its log.',
  setup:
    'The issuer does not take salvor for the client that the policy says. Tell those who run salvor: its log has the reason.',
  unreachable: 'The issuer does not answer salvor. Try again in a few seconds, or come in by another way.',
  role: 'The issuer knows you, but nothing that it says of you gives a role here. Ask those who run salvor for one: access.oidc.roles of its policy.',
  busy: 'Too many have tried to sign in from your address. Wait a minute, then begin again.',
} as const;
export type SignInFault = keyof typeof SIGN_IN_FAULTS;
