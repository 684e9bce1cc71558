"""Words that carry grammar and little meaning."""

STOP_WORDS = frozenset(
    """
    a about above after again against all also am an and any are as at be because been before
    being below between both but by can could did do does doing don't down during each either
    else ever every few for from further had has have having he her here hers herself him himself
    his how however i if in into is it it's its itself just less let like many may me might more
    most much must my myself neither no nor not now of off often on once only or other others our
    ours ourselves out over own per quite rather really same shall she should since so some such
    than that the their theirs them themselves then there these they this those though through
    thus to too under until up upon us very was we well were what when where whether which while
    who whom whose why will with within without would yet you your yours yourself
    """.split()
)
