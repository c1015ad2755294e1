/**
 * Brings the name of a variable into the form in which names are compared: sections and keys are not
 * case-sensitive, what stands between them is.
 */
export function canonicalKey(name: string): string {
  const [section, subsection, key] = splitConfigKey(name);
  return section.toLowerCase() + subsection + key.toLowerCase();
}

/**
 * Takes the name of a variable apart.
 *
 * @returns The section, the subsection with the dot before it if there is one, and the dot and the key.
 */
export function splitConfigKey(name: string): [section: string, subsection: string, key: string] {
  const lastDot = name.lastIndexOf(".");
  const firstDot = name.indexOf(".");
  if (firstDot < 0) return [name, "", ""];
  return [name.slice(0, firstDot), name.slice(firstDot, lastDot), name.slice(lastDot)];
}
