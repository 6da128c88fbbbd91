import { writeYaml } from '../base/index.ts'

// Go's reader takes these for control characters. They stand in double quotes: the writer of base has no other place for them.
const noncharacters = /[\ufffe\uffff]/g

/** Writes a document so that Go's yaml.v3 reads back the same values, indented by four as `sops` does. */
export function writeForGo(value: unknown): string {
  return writeYaml(value, { indent: 4 }).replace(noncharacters, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
}
