import ArgumentParser
import Files
import ModelZoo
import ZooSystem

// A file that would grow beyond the limit (ulimit -f) is an error like a full disk, and its beginning is removed.
signal(SIGXFSZ, SIG_IGN)
PartialFiles.removeOnSignals()
CrashNote.reportCrashes()

let arguments = Arguments.given
Console.answersErrors = arguments.wantsJSON
Console.hasJSONLines = arguments.wantsJSONLines

// Asked by scripts, again and again: the parser alone would take as long as the rest.
if arguments.words == ["--version"] {
  Console.print(ZooCommand.configuration.version)
  exit(0)
}

do {
  var command = try ZooCommand.parseAsRoot(arguments.parsed())
  try command.run()
} catch let error as ZooError {
  Console.end(with: error)
} catch {
  // Wrong usage, --help, --version, and statuses that a command asks for.
  let status = ZooCommand.exitCode(for: error)
  // Only its own line ends are any.
  let message = arguments.words.filter { $0.contains { $0.isNewline } }.reduce(ZooCommand.fullMessage(for: error)) {
    $0.replacing($1, with: $1.visibleLine)
  }
  if status == .validationFailure {
    Console.end(
      with: ZooError(.usage, message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message), lines: true)
  } else if status == .success {
    Console.print(Completion.withFiles(message))
  } else if !message.isEmpty {
    Console.end(with: ZooError(.defect, message))
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
