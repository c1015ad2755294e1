// The part of @std/streams this project uses, declared as @std/streams declares it.

export function toText(readableStream: ReadableStream): Promise<string>;

export interface TextLineStreamOptions {
  allowCR?: boolean;
}

export class TextLineStream extends TransformStream<string, string> {
  constructor(options?: TextLineStreamOptions);
}
