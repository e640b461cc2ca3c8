import ZooCore

extension OperatorCatalogue {
  static let reduction: [OperatorDeclaration] =
    [
      .reducing("ReduceL1", .keepsZero).derivative { f in [f("Mul", try f.kept(f.gradient), f("Sign", f.x))] },
      .reducing("ReduceL2", .keepsZero).derivative { f in
        let length = try f.kept(f.y)
        let direction = f("Where", f("Equal", length, try f.number(0)), try f.number(0), f("Div", f.x, length))
        return [f("Mul", try f.kept(f.gradient), direction)]
      },
      .reducing("ReduceLogSum").derivative { f in
        [f.repeated(f("Div", try f.kept(f.gradient), f("Exp", try f.kept(f.y))))]
      },
      .reducing("ReduceLogSumExp").derivative { f in
        [f("Mul", try f.kept(f.gradient), f("Exp", f("Sub", f.x, try f.kept(f.y))))]
      },
      .reducing("ReduceMax", .keepsZero, elements: { try $0.reducedElement(ofNone: nil, Dim.maximum) })
        .derivative { [try $0.gradientOfExtreme()] },
      .reducing("ReduceMean", .keepsZero).derivative { f in
        let type = try f.node.elementType(0)
        let count = f("Div", f.cast(f("Size", f.x), to: type), f.cast(f("Size", f.y), to: type))
        return [f.repeated(f("Div", try f.kept(f.gradient), count))]
      },
      .reducing("ReduceMin", .keepsZero, elements: { try $0.reducedElement(ofNone: nil, Dim.minimum) })
        .derivative { [try $0.gradientOfExtreme()] },
      .reducing("ReduceProd", elements: { try $0.reducedElement(ofNone: 1, *) })
        .derivative { [try $0.gradientOfReducedProduct()] },
      .reducing("ReduceSum", .keepsZero, elements: { try $0.reducedElement(ofNone: 0, +) }).derivative { f in
        [f.repeated(try f.kept(f.gradient))]
      },
      .reducing("ReduceSumSquare", .keepsZero).derivative { f in
        [f("Mul", try f.kept(f.gradient), f("Add", f.x, f.x))]
      },
    ] + [
      .argument("ArgMax"), .argument("ArgMin"),
      .cumulating("CumProd"),
      .cumulating("CumSum", .keepsZero).derivative { f in
        let turned = Attribute.Value.int(try f.node.flag("reverse") ? 0 : 1)
        return [f("CumSum", f.gradient, try f.input(1), keeping: ["exclusive"], attributes: ["reverse": turned]), nil]
      },
      .hardmax.steps(),
      .softmax("Softmax").derivative { f in
        let weighted = f("Mul", f.gradient, f.y)
        return [f("Sub", weighted, f("Mul", f.y, try f.sum(weighted, axes: f.softmaxAxes())))]
      },
      .softmax("LogSoftmax").derivative { f in
        [f("Sub", f.gradient, f("Mul", f("Exp", f.y), try f.sum(f.gradient, axes: f.softmaxAxes())))]
      },
      .negativeLogLikelihoodLoss, .softmaxCrossEntropyLoss,
    ]
}

extension FunctionBody {
  /// What has the shape of output 0, with the axes that the node reduces as extents of 1.
  fileprivate mutating func kept(_ value: Value) throws -> Value {
    if try node.flag("keepdims", default: true) { return value }
    let rank = try node.rank(0)
    guard let axes = try node.ifKnown({ try node.reducedAxes(rank: rank) }) else {
      return self("Unsqueeze", value, try input(1))
    }
    return try axes.isEmpty ? value : unsqueeze(value, axes)
  }

  /// `value` for each element of input 0 that it was made of.
  fileprivate mutating func repeated(_ value: Value) -> Value { self("Expand", value, extents(of: x)) }

  /// Sums over the axes that the node reduces, which stay.
  private mutating func sumOfReduced(_ value: Value) throws -> Value {
    let rank = try node.rank(0)
    if let axes = try node.ifKnown({ try node.reducedAxes(rank: rank) }) { return try sum(value, axes: axes) }
    return self("ReduceSum", value, try input(1), keeping: ["noop_with_empty_axes"])
  }

  /// Elements that are equally extreme share the gradient.
  fileprivate mutating func gradientOfExtreme() throws -> Value {
    let shares = try indicator(self("Equal", x, try kept(y)))
    return self("Mul", self("Div", try kept(gradient), try sumOfReduced(shares)), shares)
  }

  /// By each element, that of a product is the product of the others: of all but zeros, where these are none but itself.
  fileprivate mutating func gradientOfReducedProduct() throws -> Value {
    let (zero, one) = (try number(0), try number(1))
    let isZero = self("Equal", x, zero)
    let zeros = try sumOfReduced(indicator(isZero))
    let factors = self("Where", isZero, one, x)
    let axes = try node.ifKnown { try node.reducedAxes(rank: node.rank(0)) }
    let product =
      axes == [] ? factors : self("ReduceProd", factors, try axes.map { try integers($0) } ?? optionalInput(1))
    let ofZeros = try only(where: self("Equal", zeros, one), product)
    let ofOthers = try only(where: self("Equal", zeros, zero), self("Div", product, factors))
    return self("Mul", try kept(gradient), self("Where", isZero, ofZeros, ofOthers))
  }

  /// Those that Softmax and LogSoftmax go over together.
  fileprivate func softmaxAxes() throws -> [Int] {
    let rank = try node.rank(0)
    guard rank > 0 else { return [] }
    let axis = try node.axis(default: node.opset < 13 ? 1 : -1, rank: rank)
    return node.opset < 13 ? Array(axis..<rank) : [axis]
  }
}
