/**
 * Key of a text in `views/locales`. Services name keys and never hold a sentence; the views check at start
 * (and a test proves) that every key named here has its text in both languages.
 */
export type MessageKey = `${string}.${string}`;

/** Values that the text shows in its `{places}`. */
export type MessageValues = Record<string, string | number>;
