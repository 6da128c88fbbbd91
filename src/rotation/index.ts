export type { Delivery, EntryGate, RestartEntry, RestartId, RestartList, StateId, Wave } from './types.ts'
