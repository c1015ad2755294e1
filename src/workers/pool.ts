import { ReftableError } from "../errors.ts";
import { fromWire, type FromWorker, type JobKind, type Jobs, type ToWorker } from "./protocol.ts";

/** What a worker may read and write; everything else is closed to it. */
export interface WorkerAccess {
  /** Directories and files that it may read. */
  readonly read: readonly string[];
  /** Directories and files that it may change. */
  readonly write: readonly string[];
}

/** How to run a job. */
export interface JobOptions<Kind extends JobKind> {
  /** What the job needs to read and to change. */
  readonly access: WorkerAccess;
  /** Stops the job when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then how far it is. */
  readonly onProgress?: ((progress: Jobs[Kind]["progress"]) => void) | undefined;
}

/** A job that waits or is under way. */
interface Assignment {
  readonly message: ToWorker;
  readonly access: WorkerAccess;
  readonly onProgress: ((progress: never) => void) | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Where the code of a worker is. */
const ENTRY = new URL("./entry.ts", import.meta.url);

/** No worker can be started here: the program may not load its code. */
export class WorkerUnavailable extends Error {
  override readonly name = "WorkerUnavailable";
}

/** A worker and what it does. */
interface Member {
  readonly worker: Worker;
  readonly access: WorkerAccess;
  /** Whether its code was loaded. */
  isReady: boolean;
  assignment: Assignment | undefined;
  /** Ends it when nothing came to do. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** How to make a pool. */
export interface PoolOptions {
  /** How many workers at most; as many as there are processors by default. */
  readonly size?: number | undefined;
  /** Whether workers get no more access than their job needs, which takes `--unstable-worker-options`. */
  readonly leastPrivilege?: boolean | undefined;
  /** For how many milliseconds a worker waits for the next job; 0 by default. */
  readonly idle?: number | undefined;
}

/**
 * Workers that do jobs, as many at a time as there are processors. They are started when there is something
 * to do, and ended as soon as there is not, or some time after: an idle worker keeps the process from
 * ending, but one that has done a job before does the next one sooner.
 */
export class WorkerPool implements Disposable {
  readonly #size: number;
  readonly #leastPrivilege: boolean;
  readonly #members = new Set<Member>();
  readonly #queue: Assignment[] = [];
  #idle: number;

  /** Makes a pool without workers. */
  constructor(
    { size = navigator.hardwareConcurrency, leastPrivilege = false, idle = 0 }: PoolOptions = {},
  ) {
    this.#size = Math.max(1, size);
    this.#leastPrivilege = leastPrivilege;
    this.#idle = idle;
  }

  /** How many workers there are now. */
  get workers(): number {
    return this.#members.size;
  }

  /**
   * Has a worker do a job.
   *
   * @returns What the job gives.
   * @throws {ReftableError} What the job throws, or with code `"io"` when its worker dies; the signal's reason
   * when it is aborted; {@linkcode WorkerUnavailable} when there can be no worker.
   */
  async run<Kind extends JobKind>(
    kind: Kind,
    task: Jobs[Kind]["task"],
    { access, signal, onProgress }: JobOptions<Kind>,
  ): Promise<Jobs[Kind]["result"]> {
    signal?.throwIfAborted();
    if (!mayLoad(ENTRY)) throw new WorkerUnavailable(`Cannot read "${ENTRY}"`);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const message = { kind, task } as ToWorker;
    const assignment: Assignment = { message, access, onProgress, resolve, reject };
    const abort = () => this.#abort(assignment, signal!.reason);
    signal?.addEventListener("abort", abort);
    try {
      this.#queue.push(assignment);
      this.#assign();
      return await promise as Jobs[Kind]["result"];
    } catch (error) {
      // The worker knows that it was stopped, but not why.
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends the workers that wait for jobs, and from now on the others as soon as they have none. */
  retire(): void {
    this.#idle = 0;
    for (const member of this.#members) if (!member.assignment) this.#end(member);
  }

  /** Ends all workers; the jobs under way and those that wait fail. */
  [Symbol.dispose](): void {
    const error = new ReftableError("io", "Cannot finish job: its worker was ended");
    for (const { reject } of this.#queue.splice(0)) reject(error);
    for (const member of this.#members) this.#end(member, error);
  }

  /** Gives waiting jobs to workers that are free, or to new ones. */
  #assign(): void {
    while (this.#queue.length > 0) {
      const member = this.#memberFor(this.#queue[0]!.access);
      if (!member) break;
      const next = this.#queue.shift()!;
      clearTimeout(member.timer);
      member.timer = undefined;
      try {
        member.worker.postMessage(next.message);
        member.assignment = next;
      } catch (error) {
        next.reject(error);
      }
    }
    for (const member of this.#members) if (!member.assignment) this.#rest(member);
  }

  /** A worker that is free and may do what a job needs; `undefined` when all are busy. */
  #memberFor(access: WorkerAccess): Member | undefined {
    const free = this.#members.values().filter((member) => !member.assignment).toArray();
    const fit = free.find((member) => {
      return !this.#leastPrivilege || sameAccess(member.access, access);
    });
    if (fit) return fit;
    if (this.#members.size >= this.#size) {
      // One that may do other things makes room.
      if (!free[0]) return undefined;
      this.#end(free[0]);
    }
    return this.#start(access);
  }

  /** Ends a worker that has nothing to do, at once or when it had nothing for long enough. */
  #rest(member: Member): void {
    if (this.#idle <= 0) this.#end(member);
    else member.timer ??= setTimeout(() => this.#end(member), this.#idle);
  }

  #start(access: WorkerAccess): Member {
    const options: WorkerOptions & { deno?: unknown } = { type: "module" };
    if (this.#leastPrivilege) options.deno = { permissions: onlyAccess(access) };
    const worker = new Worker(ENTRY, options);
    const member: Member = {
      worker,
      access,
      isReady: false,
      assignment: undefined,
      timer: undefined,
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(member, data);
    worker.onerror = (event) => {
      // Otherwise it would end this thread too.
      event.preventDefault();
      this.#end(
        member,
        member.isReady
          ? new ReftableError("io", `Cannot finish job: its worker died: ${event.message}`)
          : new WorkerUnavailable(event.message),
      );
      this.#assign();
    };
    this.#members.add(member);
    return member;
  }

  #receive(member: Member, message: FromWorker): void {
    const { assignment } = member;
    member.isReady = true;
    if (!assignment || message.kind === "ready") return;
    if (message.kind === "progress") {
      try {
        assignment.onProgress?.(message.progress as never);
      } catch (error) {
        // It is the caller's error; thrown here it would end the process.
        assignment.reject(error);
        member.worker.postMessage({ kind: "abort" });
      }
      return;
    }
    member.assignment = undefined;
    if (message.kind === "done") assignment.resolve(message.result);
    else assignment.reject(fromWire(message.error));
    this.#assign();
  }

  #abort(assignment: Assignment, reason: unknown): void {
    const place = this.#queue.indexOf(assignment);
    if (place >= 0) {
      this.#queue.splice(place, 1);
      assignment.reject(reason);
    }
    for (const member of this.#members) {
      if (member.assignment === assignment) member.worker.postMessage({ kind: "abort" });
    }
  }

  /** Ends a worker; the job that it has not finished fails. */
  #end(member: Member, error?: Error): void {
    this.#members.delete(member);
    clearTimeout(member.timer);
    member.worker.terminate();
    if (error) member.assignment?.reject(error);
  }
}

/** Tells whether the code of a worker may be loaded: where it is a file, only with permission to read it. */
function mayLoad(entry: URL): boolean {
  if (entry.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: entry }).state === "granted";
}

function sameAccess(a: WorkerAccess, b: WorkerAccess): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The permissions of a worker that gets just this access. */
function onlyAccess({ read, write }: WorkerAccess): Deno.PermissionOptionsObject {
  return {
    read: read.length > 0 ? [...read] : false,
    write: write.length > 0 ? [...write] : false,
    env: false,
    ffi: false,
    import: false,
    net: false,
    run: false,
    sys: false,
  };
}
