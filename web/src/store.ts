/** One object holds the state of a page; views read it and are told, once a frame at most, when it changed. */

export type Listener<State> = (state: State) => void;

export class Store<State extends object> {
  private current: State;
  private readonly listeners = new Set<Listener<State>>();
  private isScheduled = false;
  private readonly schedule: (run: () => void) => void;

  constructor(initial: State, schedule: (run: () => void) => void = (run) => queueMicrotask(run)) {
    this.current = initial;
    this.schedule = schedule;
  }

  get state(): State {
    return this.current;
  }

  /** Replace some fields; nothing happens where all of them are what they were. */
  update(patch: Partial<State>): void {
    const isSame = Object.entries(patch).every(([key, value]) => this.current[key as keyof State] === value);
    if (isSame) return;
    this.current = { ...this.current, ...patch };
    this.notify();
  }

  /** Call `listener` now and after changes; returns the way to stop. */
  subscribe(listener: Listener<State>): () => void {
    this.listeners.add(listener);
    listener(this.current);
    return () => this.listeners.delete(listener);
  }

  private notify(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.schedule(() => {
      this.isScheduled = false;
      for (const listener of this.listeners) listener(this.current);
    });
  }
}

/** A listener that acts only where one of the values that `pick` takes from the state has changed. */
export function onAnyChange<State>(
  pick: (state: State) => readonly unknown[],
  act: (state: State) => void,
): Listener<State> {
  let last: readonly unknown[] | null = null;
  return (state) => {
    const values = pick(state);
    const before = last;
    last = values;
    if (before === null || before.length !== values.length || values.some((value, at) => !Object.is(value, before[at]))) act(state);
  };
}

/** A listener that acts only where what `pick` takes from the state has changed. */
export function onChange<State, Value>(
  pick: (state: State) => Value,
  act: (value: Value, state: State) => void,
): Listener<State> {
  let last: { value: Value } | null = null;
  return (state) => {
    const value = pick(state);
    if (last !== null && Object.is(last.value, value)) return;
    last = { value };
    act(value, state);
  };
}
