// A value that is made at the first call and kept.

export interface Once<T> {
  (): T
  /** The value, if it was made. */
  made?: T | undefined
}

export function once<T>(make: () => T): Once<T> {
  const get: Once<T> = () => {
    get.made ??= make()
    return get.made
  }
  return get
}
