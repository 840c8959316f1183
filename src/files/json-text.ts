// The text of a JSON file as typeclip writes it.

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
