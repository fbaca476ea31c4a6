/** What stands in the way of deciding again. */
export class CannotDecide extends Error {}
