import CZooPlugin
import PluginSupport
import ZooPlugin

/// ONNX TfIdfVectorizer: how often n-grams of a pool occur in a sequence, or in each row of a matrix.
struct TfIdfVectorizer: Operator {
  let signature = Signature("TfIdfVectorizer", since: 9)

  private enum Mode: String, Sendable {
    case frequency = "TF"
    case presence = "IDF"
    case weighted = "TFIDF"
  }

  private func width(_ node: Node) throws -> Int {
    guard let indexes = try node.attributes.ints("ngram_indexes"), let greatest = indexes.max(),
      indexes.allSatisfy({ $0 >= 0 })
    else { throw OperatorError("ngram_indexes is empty or holds a negative number") }
    return try greatest.adding(1)
  }

  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel {
    let x = try node.input(0)
    let (shape, width) = (x.shape, try width(node))
    let (count, length) = shape.count == 2 ? (shape[0], shape[1]) : (1, shape.first ?? 1)
    let name = try node.attributes.string("mode") ?? ""
    guard let mode = Mode(rawValue: name) else { throw OperatorError("mode \(name) is unknown") }
    let grams = try GramTable(node)
    let weights = mode == .frequency ? [] : try node.attributes.floats("weights") ?? []
    let indexes = try node.attributes.ints("ngram_indexes") ?? []
    guard weights.isEmpty || weights.count == indexes.count, grams.gramCount <= indexes.count else {
      throw OperatorError(
        "there are \(grams.gramCount) n-grams, \(indexes.count) indexes and \(weights.count) weights")
    }
    return ClosureKernel { call in
      let (input, output) = (call.input(0), call.output(0))
      guard output.data != nil else { return }
      let results = output.pointer(as: Float.self)
      results.update(repeating: 0, count: output.count)
      let tokens = try grams.tokens(of: input, call.executor)
      tokens.withPointer { tokens in
        call.executor.parallelRanges(count, grain: max(1, 2048 / max(1, length))) { range in
          for row in range {
            let own = results + row * width
            grams.forEach(UnsafeBufferPointer(start: tokens + row * length, count: length)) { gram in
              let place = own + indexes[gram]
              switch mode {
              case .frequency: place.pointee += 1
              case .presence: place.pointee = weights.isEmpty ? 1 : weights[gram]
              case .weighted: place.pointee += weights.isEmpty ? 1 : weights[gram]
              }
            }
          }
        }
      }
    }
  }
}
