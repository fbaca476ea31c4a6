import type { DrillResult } from '../drill/drill.ts';
import { EXIT } from '../exit.ts';
import type { Exploration } from '../simulate/explore.ts';
import { keysOf, type Manual } from './entry.ts';

/** Commands that run something, or make something of files. */
export const RUNNING: Manual = {
  drill: {
    examples: [
      ['drill', 'kill a host of a simulated cloud, and watch its instances come back'],
      ['drill --console', 'the same with the web console, until Ctrl-C'],
      ['drill --fault bmc-dead', 'and its BMC died with it'],
    ],
    exits: {
      [EXIT.well]: 'every protected instance runs elsewhere',
      [EXIT.failed]: 'something is wrong',
      [EXIT.person]: 'rightly nothing was evacuated: in real life a person would look',
    },
    json: {
      form: 'object',
      keys: keysOf<DrillResult>({
        fault: 'what else went wrong; null: nothing',
        expected: 'how it should end',
        ended: 'how it has ended',
        incidentId: 'for `salvor audit`; null: none was opened',
        figures: 'the times since the host died, in ms, and what became of the instances',
        verdicts: "each rule that was checked from the cloud's own log, with what broke it",
        well: 'whether all was as it should be',
        exitCode: 'the exit status',
      }),
    },
  },
  practice: {
    examples: [
      ['practice', 'the files of a site in practice/; then, in another terminal: cd practice && salvor up'],
      ['practice --hosts 40 --grace 60', 'a larger cloud, and a policy that waits longer'],
    ],
    exits: { [EXIT.well]: 'it was told to stop, and has stopped' },
  },
  up: {
    examples: [
      ['up', 'clouds.yaml or OS_*, policy.yaml, secrets.yaml of this folder'],
      ['up --policy /etc/salvor/policy.yaml --secrets /etc/salvor/secrets.yaml', 'files elsewhere'],
    ],
    exits: { [EXIT.well]: 'it was told to stop, and has stopped' },
  },
  deploy: {
    examples: [
      ['deploy --policy policy.yaml --dry-run', 'check everything, say what would be done, and end'],
      ['deploy --policy policy.yaml --stage prod', 'the stack salvor-prod, in the account of your AWS credentials'],
      ['deploy --policy policy.yaml --localstack', 'the same stack on the LocalStack of this machine'],
    ],
    json: {
      form: 'object',
      keys: {
        stack: 'its name',
        context: 'the CDK context that it is deployed with',
        outputs: 'of the stack, by name; null with `--dry-run`',
      },
    },
  },
  completion: {
    examples: [
      ['completion bash > ~/.local/share/bash-completion/completions/salvor', 'for all shells from now on'],
      ['completion zsh > ~/.zfunc/_salvor', 'a folder of fpath'],
      ['completion fish > ~/.config/fish/completions/salvor.fish', 'the same for fish'],
    ],
  },
  'gateway hbv2': {
    examples: [
      [
        'gateway hbv2 --secrets gateway-secrets.yaml --endpoint https://salvor.example:15868 --token gateway',
        "Red Hat's signed heartbeats",
      ],
    ],
  },
  'gateway kdump': {
    examples: [
      [
        'gateway kdump --hosts addresses.yaml --endpoint https://salvor.example:15868 --token gateway',
        'notices of kernel dumps',
      ],
    ],
  },
  'gateway key': { examples: [['gateway key compute-7', 'what stands in the key file of that host']] },
  probe: {
    examples: [
      [
        'probe --cloud mycloud --range 203.0.113.0/24 --endpoint https://salvor.example:15868 --token probe',
        'ask the instances whose owners want it',
      ],
    ],
  },
  'fence-worker': {
    examples: [
      ['fence-worker --check', 'whether its configuration is right, and what the agents are'],
      ['fence-worker --queue-url http://127.0.0.1:9324/000000000000/fence-requests-rack-a', 'for a salvor here'],
    ],
  },
  token: {
    examples: [['token compute-7', 'what this host sends to prove that it is this one']],
    json: { form: 'object', keys: { host: 'as given', token: 'its own: keep it from others' } },
  },
  'import masakari': {
    examples: [['import masakari --cloud mycloud > segments.yaml', 'its segments, in shadow mode']],
    json: {
      form: 'object',
      keys: {
        imported: 'each with its `segment`, as a policy has it, and `remarks`',
        leftOut: 'what was left out, and why',
      },
    },
  },
  schema: { examples: [['schema policy > policy.schema.json', 'for an editor that checks as you write']] },
  simulate: {
    examples: [
      ['simulate --seeds 300', 'faults at every call; the first broken invariant is shortened and told'],
      ['simulate --seed 4711 --trace', 'one of them again, with all that happened'],
    ],
    exits: { [EXIT.well]: 'every invariant held', [EXIT.failed]: 'one is broken, or --covered was not reached' },
    json: {
      form: 'object',
      keys: keysOf<Exploration>({
        tally:
          'how often each fault struck in each state; with `--seed` beside `seed`, `violation` and `hash` of that run',
        broken: 'each with its seed and the invariant',
        seconds: 'how long it took',
      }),
    },
  },
};
