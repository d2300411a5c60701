// Drafts written without a network wait in IndexedDB; see below.
export function start() {}
