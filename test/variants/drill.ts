/** The drill by itself, to be bundled with a variant: prints its verdicts, as one JSON document. */
import { runDrill } from '#cli/drill/drill.ts';
import { DEFAULTS, FAULT_NAMES } from '#cli/drill/options.ts';
import { printJson, silentLog } from '#cli/output.ts';

const nobody = { scene: () => undefined, line: () => undefined, progress: () => undefined };
const fault = FAULT_NAMES.find((name) => name === process.argv[2]);
printJson(await runDrill({ ...DEFAULTS, instances: 8, graceSeconds: 0.5, fault }, nobody, silentLog));
