/**
 * The command behind `npm run check`: prints the violations of a tree and exits 1 if there are any.
 *
 *   node --import tsx test/house/check.ts [folder]
 */

import { checkHouse } from './house.ts'

const { files, violations } = checkHouse(process.argv[2] ?? process.cwd())
for (const { file, line, what, remedy } of violations)
  console.error(`${file}:${line}  ${what}\n    ${remedy}`)
console.log(`house rules: ${files} files, ${violations.length} violations`)
process.exitCode = files > 0 && violations.length === 0 ? 0 : 1
