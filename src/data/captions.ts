// Captions as they are stored.

/** Without the white space around them, and without empty ones. */
export function trimmed(captions: readonly string[]): string[] {
  return captions.map((caption) => caption.trim()).filter((caption) => caption !== '')
}
