/** How a simulation fails the test that it serves. Each message tells the simulated time and the seed. */
import { GreenroomError } from '../errors.ts'

/**
 * The simulation cannot go on: actors that never come to rest (`SIMULATION_RESTLESS`), or a result that will not come,
 * or not in time (`SIMULATION_STUCK`).
 */
export class SimulationError extends GreenroomError {}

/** Something was left behind (`LEAK`): the message lists it by name. */
export class LeakError extends GreenroomError {}
