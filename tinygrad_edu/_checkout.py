"""Find the kernels in a checkout that could not make the symbolic link ``tinygrad_edu/kernels -> ../kernels``.

Git without symbolic links (Windows, some network drives, a zip archive) leaves a text file or nothing in the link's
place, and an sdist unpacked by hand has none either. The repository's top folder then joins the places where the
package's parts are looked for; being last, it answers for ``kernels`` alone. An installed package never needs this.
"""

import os
import sys

_path = sys.modules["tinygrad_edu"].__path__
if not os.path.isdir(os.path.join(_path[0], "kernels")):
    _path.append(os.path.dirname(_path[0]))
