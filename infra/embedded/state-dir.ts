/** What lies in the state folder of an embedded pipeline. */
export const STATE_FILE = 'state.sqlite';
export const QUEUES_FOLDER = 'queues';
/** Where the SQS endpoint listens, while the pipeline runs. */
export const ENDPOINT_FILE = 'endpoint';
