export { ObjectDatabase as ObjectNames } from "./objects/object_database.ts";
