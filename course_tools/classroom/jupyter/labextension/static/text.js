// What the plugin says, in the page's language: the program of the views knows it (its text.js). Until that has
// come, English.
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (place, name) => String(values?.[name] ?? place));

export const t = (key, values) => globalThis.courseViews?.t?.(key, values) ?? filled(key, values);
export const tn = (one, many, n, values) =>
  globalThis.courseViews?.tn?.(one, many, n, values) ?? filled(n === 1 ? one : many, { n, ...values });
