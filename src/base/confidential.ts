import { inspect } from 'node:util'

/** A secret in memory. `reveal()` is the only way out; printing, joining or serialising it shows `[secret]`. */
export class Confidential<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  reveal(): T {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
