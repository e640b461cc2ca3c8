// Models behind HTTP:  swift run -c release serve PICTURE_MODEL TRANSLATOR [PORT]
import Glibc
import Hummingbird
import Logging
import Metrics
import ModelZoo
import ServiceLifecycle

@main
struct Serve {
  static func main() async {
    let arguments = CommandLine.arguments
    guard (3...4).contains(arguments.count), let port = Int(arguments.count == 4 ? arguments[3] : "8080") else {
      fail("PICTURE_MODEL TRANSLATOR [PORT]")
    }
    do {
      try await run(pictures: arguments[1], translator: arguments[2], port: port)
    } catch {
      fail("\(error)")
    }
  }

  /// Options that keep metrics, for whatever system `MetricsSystem.bootstrap` is told of.
  static func options(for model: String) -> Model.Options {
    var options = Model.Options()
    options.observer = { report in
      let dimensions = [("model", model), ("outcome", report.error?.kind.rawValue ?? "ok")]
      Metrics.Timer(label: "model_duration", dimensions: dimensions).record(duration: report.duration)
      Metrics.Timer(label: "model_wait", dimensions: dimensions).record(duration: report.wait)
    }
    return options
  }

  static func fail(_ message: String) -> Never {
    var text = "serve: \(message)\n"
    _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(1)
  }

  static func run(pictures: String, translator: String, port: Int) async throws {
    let logger = Logger(label: "serve")
    let endpoints = Endpoints(
      pictures: try await Model.load(contentsOf: pictures, options: options(for: "pictures")),
      translator: try await Model.load(contentsOf: translator, options: options(for: "translator")))
    // The first visitor is to wait no longer than others.
    try await endpoints.pictures.warmUp()
    try await endpoints.translator.warmUp()

    let application = Application(
      router: endpoints.router(),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { channel in
        // Where the port was 0, this says which one it is.
        logger.info("listening on port \(channel.localAddress?.port ?? port)")
      },
      logger: logger)
    // SIGTERM: no new connections; what was accepted is answered, and what takes longer than half a minute is cancelled.
    var configuration = ServiceGroupConfiguration(
      services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(30)
    try await ServiceGroup(configuration: configuration).run()
  }
}
