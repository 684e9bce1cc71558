// Lists a caller's jobs, as a web application's server does it: with a token in every call. Writes
// their ids, or the code of what it was refused with, to a line.
//
//     VSTEP_GRADING_TOKEN=vstep_… node list-jobs.ts ADDRESS

import type { Interceptor } from "@connectrpc/connect";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { GradingService } from "../../generated/ts/vstep/grading/v1/grading_service_pb.js";

const [address] = process.argv.slice(2);
const token = process.env["VSTEP_GRADING_TOKEN"];
if (address === undefined || token === undefined) {
  throw new Error("usage: VSTEP_GRADING_TOKEN=… node list-jobs.ts ADDRESS");
}

const authorize: Interceptor = (next) => (request) => {
  request.header.set("authorization", `Bearer ${token}`);
  return next(request);
};
const client = createClient(
  GradingService,
  createGrpcTransport({ baseUrl: `http://${address}`, interceptors: [authorize] }),
);

try {
  const { jobs } = await client.listJobs({});
  console.log(JSON.stringify(jobs.map((job) => job.id)));
} catch (error) {
  console.log(JSON.stringify(Code[ConnectError.from(error).code]));
}
