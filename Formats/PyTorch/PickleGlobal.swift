import ZooCore

/// What the globals that a checkpoint names stand for: those of a closed table for values, or for ways to build one that
/// `Unpickler.call` knows; all others for inert objects. None of them runs code.
enum PickleGlobal {
  case orderedDictionary
  case defaultDictionary
  case list
  case tuple
  case set
  case dictionary
  case namespace
  /// A class of a TorchScript program: its objects are modules, whose attributes have names.
  case scriptClass
  /// `torch.jit._pickle.restore_type_tag` and its like: the first argument, of whose type more is said.
  case tagged
  /// `_codecs.encode`: how old protocols write bytes.
  case encode
  case tensor
  case tensorVersion2
  case tensorVersion3
  case parameter
  case fromType
  case deviceTensor
  /// `builtins.getattr`: how members of enumerations and classes within classes are named.
  case attribute
  /// `copyreg._reconstructor(class, base, contents)`.
  case reconstructor
  /// `copyreg.__newobj__(class, …)` and `copyreg.__newobj_ex__(class, (…), {…})`, where a protocol has no opcode for it.
  case newObject
  case newObjectWithNames
  /// A tensor of a kind that is not read: sparse, quantized, without data.
  case unreadableTensor(String)
  /// `torch.Size`: a tuple.
  case size
  case storage(TorchType)
  case dtype(TorchType)
  case numpyScalar
  case numpyReconstruct
  case numpyFromBuffer
  case numpyArray
  case numpyType
  /// A class or constant that is only named, or built from plain arguments that don't matter.
  case inert(String)

  /// Any other class or function. What is made of it is inert: its contents are kept as data, and nothing is run.
  case foreign(String)

  /// Names that are longer stand for nothing that is known, and are shown by their beginning.
  static let nameLimit = 200

  init(module: String, name: String) {
    self = Self.known(module, name) ?? .foreign(Self.shown(module, name))
  }

  private static func known(_ module: String, _ name: String) -> PickleGlobal? {
    guard module.utf8.count + name.utf8.count < nameLimit else { return nil }
    if let global = (table[module] ?? aliases[module].flatMap { table[$0] })?[name] { return global }
    switch module {
    case "torch", "torch.storage":
      if let storage = storages[name] { return .storage(storage) }
      return module == "torch" ? types[name].map { .dtype($0) } : nil
    case "__torch__": return .scriptClass
    default: return module.hasPrefix("__torch__.") ? .scriptClass : nil
    }
  }

  /// Both names, joined; of long ones the beginning.
  static func shown(_ module: String, _ name: String) -> String {
    let (module, name) = (module.utf8.prefix(nameLimit), name.utf8.prefix(nameLimit))
    return String(decoding: Array((Array(module) + Array(".".utf8) + Array(name)).prefix(nameLimit)), as: UTF8.self)
  }

  /// Modules that had other names: in Python 2, and in older versions of PyTorch and NumPy.
  private static let aliases = [
    "__builtin__": "builtins", "copy_reg": "copyreg", "torch.tensor": "torch._tensor", "types": "argparse",
    "numpy._core.multiarray": "numpy.core.multiarray", "numpy._core.numeric": "numpy.core.numeric",
  ]

  /// By module and name.
  private static let table: [String: [String: PickleGlobal]] = [
    "collections": [
      "OrderedDict": .orderedDictionary, "defaultdict": .defaultDictionary, "Counter": .dictionary, "deque": .list,
    ],
    "builtins": [
      "list": .list, "tuple": .tuple, "set": .set, "frozenset": .set, "dict": .dictionary, "getattr": .attribute,
      "int": .inert("int"), "long": .inert("long"), "float": .inert("float"), "bool": .inert("bool"),
      "str": .inert("str"), "unicode": .inert("unicode"), "complex": .inert("complex"), "bytes": .inert("bytes"),
      "bytearray": .inert("bytearray"), "object": .inert("object"), "slice": .inert("slice"), "range": .inert("range"),
    ],
    "copyreg": ["_reconstructor": .reconstructor, "__newobj__": .newObject, "__newobj_ex__": .newObjectWithNames],
    "argparse": ["Namespace": .namespace, "SimpleNamespace": .namespace],
    "torch.jit._pickle": [
      "restore_type_tag": .tagged, "build_intlist": .tagged, "build_doublelist": .tagged, "build_boollist": .tagged,
      "build_tensorlist": .tagged,
    ],
    "_codecs": ["encode": .encode],
    "torch._utils": [
      "_rebuild_tensor": .tensor, "_rebuild_tensor_v2": .tensorVersion2, "_rebuild_tensor_v3": .tensorVersion3,
      "_rebuild_parameter": .parameter, "_rebuild_parameter_with_state": .parameter,
      "_rebuild_device_tensor_from_cpu_tensor": .deviceTensor, "_rebuild_device_tensor_from_numpy": .deviceTensor,
      "_rebuild_xla_tensor": .deviceTensor, "_rebuild_sparse_tensor": .unreadableTensor("sparse"),
      "_rebuild_sparse_csr_tensor": .unreadableTensor("sparse"), "_rebuild_nested_tensor": .unreadableTensor("nested"),
      "_rebuild_qtensor": .unreadableTensor("quantized"),
      "_rebuild_meta_tensor_no_storage": .unreadableTensor("stored without its data"),
      "_rebuild_wrapper_subclass": .unreadableTensor("stored without its data"),
    ],
    "torch._tensor": [
      "_rebuild_from_type": .fromType, "_rebuild_from_type_v2": .fromType, "Tensor": .inert("torch.Tensor"),
    ],
    "torch.nn.parameter": ["Parameter": .inert("Parameter"), "Buffer": .inert("Buffer")],
    "torch.serialization": ["_get_layout": .inert("torch.layout")],
    "torch": constants.merging(["Size": .size]) { $1 },
    "numpy.core.multiarray": ["scalar": .numpyScalar, "_reconstruct": .numpyReconstruct],
    "numpy.core.numeric": ["_frombuffer": .numpyFromBuffer],
    "numpy": ["dtype": .numpyType, "ndarray": .numpyArray],
  ]

  private static let constants = Dictionary(
    uniqueKeysWithValues: [
      "Tensor", "device", "per_tensor_affine", "per_channel_affine", "preserve_format", "contiguous_format",
      "channels_last", "channels_last_3d", "strided", "sparse_coo",
    ].map { ($0, PickleGlobal.inert("torch.\($0)")) })

  /// The class of storages whose elements have that type; `nil` for types that are newer than such classes.
  static func storageName(of type: ElementType) -> String? { storageClasses.first { $0.2 == type }?.0 }

  /// PyTorch's name of a type; `nil` for one that it lacks.
  static func typeName(of type: ElementType) -> String? { typeNames.first { $0.1 == type }?.0 }

  private static let storageClasses: [(String, Int, ElementType?)] = [
    ("DoubleStorage", 8, .float64), ("FloatStorage", 4, .float32), ("HalfStorage", 2, .float16),
    ("BFloat16Storage", 2, .bfloat16), ("LongStorage", 8, .int64), ("IntStorage", 4, .int32),
    ("ShortStorage", 2, .int16), ("CharStorage", 1, .int8), ("ByteStorage", 1, .uint8), ("BoolStorage", 1, .bool),
    ("ComplexFloatStorage", 8, .complex64), ("ComplexDoubleStorage", 16, .complex128),
    ("UntypedStorage", 1, .uint8), ("_UntypedStorage", 1, .uint8), ("TypedStorage", 1, nil),
    ("_TypedStorage", 1, nil), ("QInt8Storage", 1, nil), ("QUInt8Storage", 1, nil), ("QInt32Storage", 4, nil),
    ("QUInt4x2Storage", 1, nil), ("QUInt2x4Storage", 1, nil),
  ]

  private static let storages = Dictionary(
    uniqueKeysWithValues: storageClasses.map { ($0.0, TorchType(name: $0.0, byteWidth: $0.1, elementType: $0.2)) })

  private static let typeNames: [(String, ElementType?)] = [
    ("float64", .float64), ("double", .float64), ("float32", .float32), ("float", .float32), ("float16", .float16),
    ("half", .float16), ("bfloat16", .bfloat16), ("int64", .int64), ("long", .int64), ("int32", .int32),
    ("int", .int32), ("int16", .int16), ("short", .int16), ("int8", .int8), ("uint8", .uint8), ("uint16", .uint16),
    ("uint32", .uint32), ("uint64", .uint64), ("bool", .bool), ("complex64", .complex64), ("cfloat", .complex64),
    ("complex128", .complex128), ("cdouble", .complex128), ("float8_e4m3fn", .float8e4m3fn),
    ("float8_e4m3fnuz", .float8e4m3fnuz), ("float8_e5m2", .float8e5m2), ("float8_e5m2fnuz", .float8e5m2fnuz),
    ("float8_e8m0fnu", .float8e8m0), ("complex32", nil), ("chalf", nil), ("qint8", nil), ("quint8", nil),
    ("qint32", nil), ("quint4x2", nil), ("quint2x4", nil), ("float4_e2m1fn_x2", nil),
  ]

  private static let types = Dictionary(
    uniqueKeysWithValues: typeNames.map { name, type in
      (name, TorchType(name: "torch.\(name)", byteWidth: (type?.bitWidth ?? 8) / 8, elementType: type))
    })
}
