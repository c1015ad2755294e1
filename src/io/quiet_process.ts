import { permittedEnvironment } from "./deno.ts";

/** Node.js's view of the program, which packages made for it look at. */
interface Process {
  env: Record<string, string | undefined>;
}

/**
 * Loads a package that looks at the environment while it is loaded: it sees what may be read, and nobody is asked
 * about the rest. The same is true for whatever else looks through Node.js's eyes meanwhile.
 */
export async function loadQuietly<T>(load: () => Promise<T>): Promise<T> {
  const { process } = globalThis as { process?: Process };
  const isAllowed = Deno.permissions.querySync({ name: "env" }).state === "granted";
  if (!process || isAllowed) return await load();
  const { env } = process;
  const read = (name: string | symbol) =>
    typeof name === "string" ? permittedEnvironment(name) : undefined;
  process.env = new Proxy<Process["env"]>({}, {
    get: (_, name) => read(name),
    has: (_, name) => read(name) !== undefined,
    set: (_, name, value) => Reflect.set(env, name, value),
  });
  try {
    return await load();
  } finally {
    process.env = env;
  }
}
