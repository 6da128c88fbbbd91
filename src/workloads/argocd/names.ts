// v3.5.1, applicationset/utils/template_functions.go, SanitizeName
const longestName = 253

/** A text as ApplicationSets make it a name: `normalize`, `nameNormalized`, `path.basenameNormalized`. */
export function normalName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^-a-z0-9.]/g, '-')
    .slice(0, longestName)
    .replace(/^[-.]+|[-.]+$/g, '')
}
