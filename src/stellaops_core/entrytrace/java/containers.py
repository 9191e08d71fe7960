"""Java programs that find further archives by rules of their own: servlet containers, module systems, plugin hosts.

Comes in: a main class, the properties it was given. Goes out: directories whose archives it loads or may load. Rule:
what is put somewhere to be deployed is loaded when the program starts; libraries and plugins may be.

Source: Tomcat "Class Loader How-To" and `conf/catalina.properties`; Jetty "Jetty Home and Jetty Base"; JBoss Modules
"Running"; the start scripts of Elasticsearch, OpenSearch, Karaf, Felix and Equinox.
"""

from typing import Final

from msgspec import Struct


class Container(Struct, frozen=True):
    """How one program finds archives."""

    homes: tuple[str, ...]
    """Properties that name its directories; without a value: the directory of its archive, and that one's parent."""
    libraries: tuple[str, ...]
    """Directories below those that it may load from."""
    deployed: tuple[str, ...] = ()
    """Directories below those whose archives it loads when it starts."""
    first: tuple[str, ...] = ()
    """Packages, by slashes, that it loads by name when it starts, from every archive that has one."""


_TOMCAT: Final = Container(
    ("catalina.home", "catalina.base"),
    ("lib", "common/lib", "server/lib", "shared/lib"),
    ("webapps",),
    ("org/apache/catalina/startup",),
)
_ECLIPSE: Final = Container(("osgi.install.area",), ("plugins", "dropins"))
_SEARCH: Final = Container(("es.path.home", "opensearch.path.home"), ("lib", "modules", "plugins"))
CONTAINERS: Final = {
    "org.apache.catalina.startup.Bootstrap": _TOMCAT,
    "org.eclipse.jetty.start.Main": Container(("jetty.home", "jetty.base"), ("lib",), ("webapps",)),
    "org.jboss.modules.Main": Container(
        ("jboss.home.dir", "jboss.server.base.dir"), ("modules", "system"), ("standalone/deployments", "deployments")
    ),
    "org.eclipse.equinox.launcher.Main": _ECLIPSE,
    "org.eclipse.core.runtime.adaptor.EclipseStarter": _ECLIPSE,
    "org.apache.karaf.main.Main": Container(("karaf.home", "karaf.base"), ("lib", "system"), ("deploy",)),
    "org.apache.felix.main.Main": Container((), (), ("bundle",)),
    "org.elasticsearch.bootstrap.Elasticsearch": _SEARCH,
    "org.elasticsearch.launcher.CliToolLauncher": _SEARCH,
    "org.elasticsearch.server.cli.ServerCli": _SEARCH,
    "org.opensearch.bootstrap.OpenSearch": _SEARCH,
    "com.sun.enterprise.glassfish.bootstrap.ASMain": Container((), ("modules", "lib"), ("domains",)),
    "org.codehaus.plexus.classworlds.launcher.Launcher": Container(("maven.home",), ("lib", "boot")),
    "org.apache.tools.ant.launch.Launcher": Container(("ant.home",), ("lib",)),
}
"""By main class."""

SPRING: Final = ("org.springframework.boot.loader.",)
"""What Spring Boot's launchers begin with; the class they start stands in the manifest."""
