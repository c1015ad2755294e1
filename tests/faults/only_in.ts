import type { FileSystem } from "@reftable/reftable";

/** Storage that fails a test when anything outside of a directory is asked for. */
export function onlyIn(directory: string, inner: FileSystem): FileSystem {
  return new Proxy(inner, {
    get(_, name) {
      const member: unknown = Reflect.get(inner, name);
      if (typeof member !== "function") return member;
      return (path: string, ...rest: readonly unknown[]) => {
        const isInside = path === directory ||
          (path.startsWith(`${directory}/`) && !path.slice(directory.length + 1).includes("/"));
        if (!isInside) throw new Error(`${String(name)} ${path}`);
        return member.call(inner, path, ...rest);
      };
    },
  });
}
