/** greenroom's thread: the same work, as the jobs of a stage. From the build, as the other side is. */
import { jobs } from '../../../dist/actors/index.js'
import { hash as compute } from '../hash.mjs'

export const hash = jobs(compute)
