import ZooCore

/// A body that is run again and again, on what it gave the time before. What it gives besides is stacked.
struct Turns {
  private let program: Program
  private let carried: Range<Int>
  private let looks: Int
  private var inputs: [Value]
  private var given = GivenInputs.none
  /// What is carried.
  private let all: GivenInputs
  /// What serves all further turns.
  private var steady: Program.Version?
  private var call: RunContext
  /// By output, what the turns gave besides what they carry.
  private(set) var stacks: [[Tensor]]

  /// - Parameters:
  ///   - looks: How many of the first results are neither carried nor stacked.
  ///   - inputs: Of the first turn, what the body reads of the graph around included.
  ///   - carried: Positions of those that the next turn gets from the results.
  init(_ body: RunnableBody, looks: Int, _ inputs: [Value], carried: Range<Int>, _ call: RunContext) {
    (program, self.looks, self.inputs, self.carried, self.call) = (body.program, looks, inputs, carried, call)
    all = GivenInputs(flags: (0..<carried.upperBound).map { $0 >= carried.lowerBound })
    stacks = Array(repeating: [], count: body.outputCount - looks - carried.count)
  }

  /// An input of the next turn that is not carried. Its memory may be used again in each turn: nothing that a turn gives
  /// lies there.
  subscript(input: Int) -> Value {
    get { inputs[input] }
    set { inputs[input] = newValue }
  }

  /// What the next turn gets, or the caller.
  var carriedValues: ArraySlice<Value> { inputs[carried] }

  /// - Returns: The first results, at which the caller may look until the next turn.
  mutating func run() throws -> ArraySlice<Value> {
    // A body without steps looks for none.
    try call.control?.check()
    let version = try steady ?? program.version(for: inputs, call)
    let results = try program.run(version, inputs, given: given, looks: looks, call)
    if steady == nil, version.repeats(carried, from: looks) { steady = version }
    for place in 0..<carried.count { inputs[carried.lowerBound + place] = results.values[looks + place] }
    if results.areAlone {
      given = all
    } else {
      let areAlone = Array(results.values.dropFirst(looks)).areAlone
      given.flags = Array(repeating: false, count: carried.lowerBound) + areAlone.prefix(carried.count)
    }
    for index in stacks.indices {
      guard let tensor = results.values[looks + carried.count + index].tensor else {
        throw ZooError(.badData, "what is stacked is no tensor")
      }
      call.memory = try call.memory.taking(tensor.byteCount)
      stacks[index].append(tensor)
    }
    return results.values.prefix(looks)
  }
}
