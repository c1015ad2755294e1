/**
 * All that is measured, in the order of the table.
 *
 * @module
 */

import type { Case } from "../case.ts";
import { beyondRuntime } from "./beyond_runtime.ts";
import { compact, delayInPlace, delayWithWorker } from "./compaction.ts";

import { list, listEight, listPrefix, listTwo } from "./listing.ts";
import { newestEntry, wholeLog } from "./logs.ts";
import { coldLookup, hotLookup, randomLookups, verifyRefs } from "./lookups.ts";
import { migrateToFiles, migrateToReftable } from "./migration.ts";
import { coldObject, hotObject } from "./objects.ts";
import { records, scan, scanFile, scanNames } from "./scans.ts";
import { startUps } from "./startup.ts";
import {
  deletion,
  manyRefs,
  servedDeletion,
  servedManyRefs,
  servedRefs,
  singleRefs,
  syncedRefs,
} from "./transactions.ts";
import { verifyTwo, verifyTwoCold } from "./verification.ts";
import { write, writeLogs } from "./writes.ts";

/** The rows of the table. */
export const cases: readonly Case[] = [
  list,
  listTwo,
  listEight,
  listPrefix,
  verifyRefs,
  wholeLog,
  write,
  writeLogs,
  compact,
  migrateToReftable,
  migrateToFiles,
  singleRefs,
  syncedRefs,
  servedRefs,
  manyRefs,
  servedManyRefs,
  deletion,
  servedDeletion,
  ...startUps,
  ...beyondRuntime,
  verifyTwo,
  verifyTwoCold,
  delayWithWorker,
  delayInPlace,
  scan,
  scanNames,
  scanFile,
  records,
  hotLookup,
  randomLookups,
  coldLookup,
  hotObject,
  coldObject,
  newestEntry,
];

/** What shows how costs grow with the number of refs. */
export const growingCases: readonly Case[] = [
  list,
  write,
  compact,
  scan,
  records,
  hotLookup,
  coldLookup,
  hotObject,
  coldObject,
];
