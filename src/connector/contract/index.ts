export { MemoryIntake, type TakenRecording } from "./memory-intake.ts";
export { type Arrived, type SinkBench, sinkContract } from "./sink-contract.ts";
export { type SourceBench, sourceContract } from "./source-contract.ts";

/** One promise that every connector keeps; `run` rejects where it does not. Any test runner can run it. */
export interface ContractCase {
  promise: string;
  run(): Promise<void>;
}
