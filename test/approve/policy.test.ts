import { describe, expect, it } from 'vitest';
import { aPolicy } from '#test/support/builders.ts';
import { people, SETTINGS } from './settings.ts';

describe('a policy', () => {
  const refused = (changes: object): unknown => {
    try {
      aPolicy({ ...SETTINGS, ...changes } as never);
      return undefined;
    } catch (error) {
      return String(error);
    }
  };
  it('is refused whose channel is of nobody who may approve, or whose links lead nowhere', () => {
    expect(refused({})).toBeUndefined();
    expect(refused({ access: undefined })).toContain('access.people has no approver ann');
    expect(refused({ access: { people: { ann: { ...people.ann, role: 'operator' } } } })).toContain('no approver ann');
    expect(refused({ notify: { ...SETTINGS.notify, approvals: undefined } })).toContain('without notify.approvals');
    expect(refused({ notify: { ...SETTINGS.notify, consoleUrl: undefined } })).toContain('without notify.consoleUrl');
  });
});
