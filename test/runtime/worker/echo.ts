/** A module for threads: what comes goes back, by copy or by hand. */
import { behaviour, receiving, transfer } from 'greenroom'

interface Given {
  readonly value: Uint8Array<ArrayBuffer>
}

export const echo = behaviour({
  initial: 'on',
  data: (input: unknown) => ({ notes: [] as unknown[], held: (input as Given | undefined)?.value }),
  states: {
    on: {
      echo: (_, { value }: { value: unknown }) => value,
      length: (_, { value }: { value: Uint8Array }) => value.length,
      note: ({ data }, { value }: { value: unknown }) => void data.notes.push(value),
      notes: ({ data }) => data.notes,
      /** Gives back what it is given, and looks at what is left of it later. */
      give: ({ data }, { value }: Given) => {
        data.held = value
        return transfer({ value }, [value.buffer])
      },
      /** Hands over a buffer where a list of them is meant. */
      slip: (_, { value }: Given): unknown => transfer({ value }, value.buffer as never),
      bytes: ({ data }) => data.held?.length,
      secret: (): unknown => ({ open: 1, secret: () => 'secret' }),
    },
  },
})

/** Has an output that does not cross. */
export const mute = receiving(function* () {
  return () => 'nothing to say'
})
