import ArgumentParser
import ModelZoo
import ZooSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Becomes the program `zoo-serve` beside this one: apart, since it brings a network stack that nothing else needs.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve models over HTTP.",
    usage: "zoo serve [<model> ...] [<options>]",
    discussion: "The program zoo-serve does it, which make server builds; zoo serve --help shows its options.",
    helpNames: [])

  @Argument(parsing: .captureForPassthrough, help: "Models and options of zoo-serve.")
  var arguments: [String] = []

  func run() throws {
    let folder = RunningProgram.path.flatMap { path in path.lastIndex(of: "/").map { path[..<$0] } } ?? "."
    let program = "\(folder)/zoo-serve"
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    execv(program, &words)
    throw ZooError(
      errno == ENOENT ? .notFound : .defect, "the server can't be run: \(String(cString: strerror(errno)))",
      at: program, advice: "make server builds it beside zoo; make install takes it along")
  }
}
