/** What lies in the state folder of an embedded pipeline. */
export const STATE_FILE = 'state.sqlite';
export const QUEUES_FOLDER = 'queues';
