import { buildPrograms } from './programs/build.ts'

const programs = await buildPrograms((line) => console.error(line))
console.log(programs.folders.join('\n'))
