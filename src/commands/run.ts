import { Command } from "commander";
import { type Config, configSource, loadConfig, rereadConfig } from "../config/index.ts";
import type { ConnectorType } from "../connector/index.ts";
import { toSottoError } from "../errors.ts";
import { createLogger, type Logger } from "../log.ts";
import { FINISH_MS } from "../service/account.ts";
import { createObserver } from "../service/observe.ts";
import { type Service, startService } from "../service/run.ts";
import { Sotto } from "../service/sotto.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { say } from "./shared/output.ts";

export function command(context: Context): Command {
  return new Command("run")
    .description("stay connected: hold the store, sync, and serve other commands")
    .action((flags: CommonOptions) => run(context, flags));
}

async function run(context: Context, flags: CommonOptions): Promise<void> {
  const { CONNECTORS: connectorTypes } = await import("../connector/index.ts");
  const config = loadConfig(configSource(flags.config, context.env), { connectorTypes });
  const logger = createLogger({
    level: config.log.level,
    json: flags.json === true || !context.interactive,
    write: (line) => say(context, line),
  });
  await using observer = config.listen === undefined ? undefined : await createObserver(config.listen);
  await using sotto = await Sotto.open(config, { logger, ...(observer && { meter: observer.meter }) });
  const address = await observer?.serve(sotto.account, context.signal);
  if (address !== undefined) logger.info("answers /live, /ready and /metrics", { address });
  await using service = await startService(sotto.account);
  observer?.started(() => service.relay.checks());
  using _reload = onHangup(() => reload(service, { config, connectorTypes, logger }));
  logger.info("running", { userId: config.account.userId, deviceId: config.account.deviceId });
  await Promise.race([service.ended, aborted(context.signal)]);
  logger.info("stopping");
  // a homeserver that is silent keeps nobody; what it was not heard to have taken is repeated by the next process
  setTimeout(() => sotto.account.transport.close(), FINISH_MS).unref();
}

/** `systemctl reload`: other connectors and routes; where they are wrong, those that are there go on. */
async function reload(
  service: Service,
  {
    config,
    connectorTypes,
    logger,
  }: { config: Config; connectorTypes: readonly ConnectorType[]; logger: Logger },
): Promise<void> {
  try {
    await service.reload(rereadConfig(config, { connectorTypes }));
    logger.info("connectors and routes were read again");
  } catch (thrown) {
    const { code, message, cure } = toSottoError(thrown);
    logger.error("the config was not taken up", { code, reason: message, cure });
  }
}

function onHangup(work: () => void): Disposable {
  process.on("SIGHUP", work);
  return { [Symbol.dispose]: () => void process.off("SIGHUP", work) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
