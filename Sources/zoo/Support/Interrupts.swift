import Dispatch
import Synchronization
import ZooSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What Ctrl-C does in a talk: it ends an answer; at the prompt the second one ends the program.
///
/// The source is only kept.
final class Interrupts: @unchecked Sendable {
  private enum State {
    case line(isWarned: Bool)
    case answer(RunControl)
  }

  private let state = Mutex(State.line(isWarned: false))
  private let source: any DispatchSourceSignal

  /// - Parameter prompt: What is shown again after a warning.
  init(prompt: String) {
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "interrupts"))
    self.source = source
    source.setEventHandler { [unowned self] in
      let isWarning = state.withLock { state in
        switch state {
        case .answer(let control):
          control.cancel()
          return false
        case .line(isWarned: true):
          Console.writePrompt("\n")
          exit(0)
        case .line(isWarned: false):
          state = .line(isWarned: true)
          return true
        }
      }
      if isWarning { Console.writePrompt("\n(Ctrl-C once more, or /bye, ends the talk.)\n" + prompt) }
    }
    source.resume()
  }

  /// From now on a line is awaited.
  func awaitLine() { state.withLock { $0 = .line(isWarned: false) } }

  /// From now on runs of `control` are.
  func awaitAnswer(_ control: RunControl) { state.withLock { $0 = .answer(control) } }
}
