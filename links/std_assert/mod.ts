// Stands in for jsr:@std/assert (assertions for tests) where npm can be reached and JSR cannot.
// @ts-types="./mod.d.ts"
export * from "deno-std/assert/mod.js";
