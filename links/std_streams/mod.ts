// Stands in for jsr:@std/streams (streams as text and lines) where npm can be reached and JSR cannot.
// @ts-types="./mod.d.ts"
export * from "deno-std/streams/mod.js";
