/** A table of transitions made into a behaviour: the handlers of each state, and the way from one to the next. */

/** For each state the events that mean something in it, and where each leads. */
export type Transitions<State extends string, Event extends string> = Readonly<
  Record<State, Partial<Record<Event, State>>>
>

/**
 * The states of a behaviour: an event that is not in a state's row has no handler there, and is a dead letter. So is one
 * without a handler: it is not sent, but noticed where it happens.
 */
export function statesOf<State extends string, Event extends string, Handler>(
  table: Transitions<State, Event>,
  handlers: Readonly<Partial<Record<Event, Handler>>>,
): Record<State, Record<string, Handler>> {
  const states = {} as Record<State, Record<string, Handler>>
  for (const state of Object.keys(table) as State[]) {
    const row: Record<string, Handler> = {}
    for (const event of Object.keys(table[state]) as Event[]) {
      const handler = handlers[event]
      if (handler !== undefined) row[event] = handler
    }
    states[state] = row
  }
  return states
}

/** Goes where `table` says, if that is another state. */
export function enter<State extends string, Event extends string>(
  table: Transitions<State, Event>,
  { state, become }: { readonly state: string; readonly become: (state: string) => void },
  event: Event,
): void {
  const next = table[state as State][event]
  if (next !== undefined && next !== state) become(next)
}
