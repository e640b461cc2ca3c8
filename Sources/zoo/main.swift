import ArgumentParser
import CArguments
import Files
import ModelZoo

// A file that would grow beyond the limit (ulimit -f) is an error like a full disk, and its beginning is removed.
signal(SIGXFSZ, SIG_IGN)
PartialFiles.removeOnSignals()

// Swift would read them from /proc.
let arguments =
  zoo_argument_count() > 0
  ? (1..<max(1, zoo_argument_count())).compactMap { zoo_argument($0).map { String(cString: $0) } }
  : Array(CommandLine.arguments.dropFirst())

do {
  var command = try ZooCommand.parseAsRoot(arguments)
  try command.run()
} catch let error as ZooError {
  Console.report(error)
  exit(error.kind.exitStatus)
} catch {
  // Wrong usage, --help, --version, and statuses that a command asks for.
  let status = ZooCommand.exitCode(for: error)
  // Only its own line ends are any.
  let message = arguments.filter { $0.contains { $0.isNewline } }.reduce(ZooCommand.fullMessage(for: error)) {
    $0.replacing($1, with: $1.visibleLine)
  }
  if status == .validationFailure {
    Console.writeError("zoo: " + (message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message))
  } else if status == .success {
    Console.print(message)
  } else if !message.isEmpty {
    Console.report(ZooError(.defect, message))
    exit(ZooError.Kind.defect.exitStatus)
  }
  exit(status.rawValue)
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
