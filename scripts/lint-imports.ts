import { sourceFiles } from './house/files.ts'
import { importProblems } from './house/imports.ts'

const root = process.argv[2] ?? '.'
const files = sourceFiles(root, ['main.ts', 'charts', 'src', 'scripts', 'test'])
const problems = importProblems(files)
for (const problem of problems) console.error(problem)
console.error(`${files.length} files, ${problems.length} imports that the house rules forbid`)
process.exitCode = problems.length === 0 ? 0 : 1
