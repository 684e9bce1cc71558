// Has a recording graded, as a web application's server does it: streams it, submits it, watches
// it and fetches its result. Writes a document of JSON to a line.
//
//     node grade-recording.ts ADDRESS RECORDING PROMPT

import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { GradingService } from "../../generated/ts/vstep/grading/v1/grading_service_pb.js";
import type { UploadAudioRequestSchema } from "../../generated/ts/vstep/grading/v1/grading_service_pb.js";
import { JobEventSchema, JobState, SpeakingPart } from "../../generated/ts/vstep/grading/v1/job_pb.js";
import { ResultSchema } from "../../generated/ts/vstep/grading/v1/result_pb.js";

type Piece = MessageInitShape<typeof UploadAudioRequestSchema>;

const USER = "typescript-learner";

async function* pieces(file: string): AsyncGenerator<Piece> {
  const sha256 = createHash("sha256").update(await readFile(file)).digest();
  yield { piece: { case: "metadata", value: { userId: USER, sha256 } } };
  // Smaller pieces than need be: the recording is to come in many.
  for await (const chunk of createReadStream(file, { highWaterMark: 4096 })) {
    yield { piece: { case: "chunk", value: chunk } };
  }
}

function say(kind: string, document: unknown): void {
  console.log(JSON.stringify({ [kind]: document }));
}

const [address, file, prompt] = process.argv.slice(2);
if (address === undefined || file === undefined || prompt === undefined) {
  throw new Error("usage: node grade-recording.ts ADDRESS RECORDING PROMPT");
}
const client = createClient(
  GradingService,
  createGrpcTransport({ baseUrl: `http://${address}` }),
);

const upload = await client.uploadAudio(pieces(file));
say("audioId", upload.audioId);

const { job } = await client.submitJob({
  requestId: randomUUID(),
  submissionId: `typescript-${randomUUID()}`,
  attempt: 1,
  userId: USER,
  prompt: { text: prompt },
  work: {
    case: "speaking",
    value: {
      part: SpeakingPart.TOPIC_DEVELOPMENT,
      recording: { case: "audioId", value: upload.audioId },
    },
  },
});
const jobId = job!.id;

let last: JobState | undefined;
for await (const { payload } of client.watchJob({ jobId })) {
  if (payload.case === "event") {
    last = payload.value.state;
    say("event", toJson(JobEventSchema, payload.value));
  }
}
if (last === JobState.COMPLETED) {
  const { result } = await client.getResult({ jobId });
  say("result", toJson(ResultSchema, result!, { alwaysEmitImplicit: true }));
}
