/**
 * Does nothing: what it takes is what the runtime takes to start and to end.
 *
 * @module
 */

export {};
