/**
 * All that is measured, in the order of the table.
 *
 * @module
 */

import type { Case } from "../case.ts";
import { compact, delayInPlace, delayWithWorker } from "./compaction.ts";
import { readHead } from "./heads.ts";
import { coldLookup, hotLookup, randomLookups } from "./lookups.ts";
import { coldObject, hotObject } from "./objects.ts";
import { list, verify } from "./processes.ts";
import { records, scan, scanFile } from "./scans.ts";
import { manyRefs, singleRefs, syncedRefs } from "./transactions.ts";
import { verifyTwo, verifyTwoCold } from "./verification.ts";
import { write, writeLogs } from "./writes.ts";

/** The rows of the table. */
export const cases: readonly Case[] = [
  scan,
  scanFile,
  records,
  hotLookup,
  randomLookups,
  coldLookup,
  readHead,
  hotObject,
  coldObject,
  list,
  verify,
  verifyTwo,
  verifyTwoCold,
  write,
  writeLogs,
  compact,
  delayWithWorker,
  delayInPlace,
  singleRefs,
  syncedRefs,
  manyRefs,
];
