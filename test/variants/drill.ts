/** The drill by itself, to be bundled with a variant: prints its verdicts, as one JSON document. */
import { runDrill } from '#cli/drill/drill.ts';
import { DEFAULTS, FAULT_NAMES } from '#cli/drill/options.ts';
import { printJson, silentLog } from '#cli/output.ts';
import { nobody } from '#test/drill/nobody.ts';

const fault = FAULT_NAMES.find((name) => name === process.argv[2]);
printJson(await runDrill({ ...DEFAULTS, instances: 8, graceSeconds: 0.5, fault }, nobody, silentLog));
