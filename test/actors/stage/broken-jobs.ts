/** A module for threads that does not load. */
import { jobs } from 'greenroom/actors'

export const work = jobs<number, number>((job) => job)

throw new RangeError('this module does not load')
