import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX RegexFullMatch: whether each text as a whole is what a regular expression in RE2's syntax describes. Takes time
/// in proportion to the texts, whatever the expression.
struct RegexFullMatch: Operator {
  let signature = Signature("RegexFullMatch", since: 20)

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    guard try node.input(0).type == .string else { throw unsupported(try node.input(0).type) }
    let matchers = SearchPool(try RegexProgram(try node.attributes.string("pattern") ?? ""))
    return ClosureKernel { call in
      let (input, output) = (call.input(0), call.output(0))
      guard output.data != nil else { return }
      let (texts, results) = (input.pointer(as: zoo_string.self), output.pointer(as: Bool.self))
      call.executor.parallelRanges(input.count, grain: 256) { range in
        matchers.withMatcher { matcher in
          for index in range {
            results[index] = matcher.matches(
              UnsafeRawBufferPointer(start: texts[index].bytes, count: texts[index].count))
          }
        }
      }
    }
  }
}
